"""Addresses of payments: what payers open, what Stripe posts to, and what staff look after."""

from django.urls import include, path

from billing.views import bank, cards, hooks, money_tasks, pay, private_files

app_name = "billing"
urlpatterns = [
    path("", include("billing.urls_desk")),
    path("", include("billing.urls_invoices")),
    path("", include("billing.urls_rights")),
    path("hooks/stripe/", hooks.stripe, name="stripe"),
    path("pay/link/<str:token>/", pay.pay_by_link, name="pay_by_link"),
    path("pay/invoice/<str:number>/", pay.pay_own, name="pay_own"),
    path("pay/payment/<str:token>/", pay.waiting, name="waiting"),
    path("pay/payment/<str:token>/give-up/", pay.give_up, name="give_up"),
    path("money/", money_tasks.money_task_list, name="money_tasks"),
    path("money/<int:pk>/close/", money_tasks.close_money_task, name="close_money_task"),
    path("money/disputes/<int:pk>/", money_tasks.answer_dispute, name="answer_dispute"),
    path("account/cards/", cards.card_list, name="cards"),
    path("account/cards/add/<int:pk>/", cards.add_card, name="add_card"),
    path("account/cards/waiting/<str:token>/", cards.card_waiting, name="card_waiting"),
    path("account/cards/<int:pk>/choose/", cards.choose_card, name="choose_card"),
    path("account/cards/<int:pk>/remove/", cards.remove_card, name="remove_card"),
    path("files/private/<int:pk>/", private_files.private_file, name="private_file"),
    path("sandbox/3ds/<str:key>/", bank.question, name="sandbox_bank"),
]
