"""Customer Day, invoice questions month by month, and the goals of support. Part of the namespace `insights`."""

from django.urls import path

from insights.views import customer_day, goals, invoice_months, observations, programme_rules

urlpatterns = [
    path("insights/customer-day/", customer_day.overview, name="customer_days"),
    path("insights/customer-day/<int:pk>/", customer_day.page, name="customer_day_of"),
    path("insights/customer-day/<int:pk>/book/", customer_day.book, name="book_customer_day"),
    path("insights/customer-day/<int:pk>/buddy/", customer_day.buddy, name="choose_buddy"),
    path("insights/customer-day/<int:pk>/checklist/", customer_day.tick, name="tick_customer_day"),
    path("insights/customer-day/<int:pk>/begin/", customer_day.begin, name="begin_customer_day"),
    path("insights/customer-day/<int:pk>/cards/", customer_day.find_cards, name="find_cards"),
    path("insights/customer-day/<int:pk>/observations/", customer_day.observe, name="observe"),
    path("insights/customer-day/<int:pk>/debrief/", customer_day.debrief, name="end_customer_day"),
    path("insights/observations/<int:pk>/", observations.page, name="observation"),
    path("insights/observations/<int:pk>/move/", observations.move, name="move_observation"),
    path("insights/observations/<int:pk>/owner/", observations.hand_over, name="hand_over_observation"),
    path("insights/invoice-questions/", invoice_months.overview, name="invoice_months"),
    path("insights/invoice-questions/months.csv", invoice_months.months_csv, name="invoice_months_csv"),
    path("insights/invoice-questions/actions/<int:pk>/done/", invoice_months.finish, name="finish_action"),
    path("insights/invoice-questions/actions/<int:pk>/drop/", invoice_months.drop, name="drop_action"),
    path("insights/invoice-questions/<slug:month>/", invoice_months.page, name="invoice_month"),
    path("insights/invoice-questions/<slug:month>/actions/", invoice_months.act, name="act_on_invoices"),
    path("insights/invoice-questions/<slug:month>/close/", invoice_months.close, name="close_invoice_month"),
    path("insights/goals/", goals.page, name="goals"),
    path("insights/goals/read/", goals.confirm, name="confirm_goals"),
    path("settings/customer-day/", programme_rules.customer_day, name="customer_day_rules"),
    path("settings/customer-day/reasons/", programme_rules.covers, name="covers"),
    path("settings/customer-day/reasons/<int:pk>/", programme_rules.cover, name="cover"),
    path("settings/invoice-questions/", invoice_months.rules, name="invoice_rules"),
    path("settings/goals/", goals.setup, name="goals_setup"),
]
