"""The desk's addresses for flows and their cases. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import flows

urlpatterns = [
    path("flows/", flows.case_list, name="cases"),
    path("flows/report/", flows.report, name="flow_report"),
    path("flows/cases/<int:pk>/", flows.case, name="case"),
    path("flows/cases/<int:pk>/take/", flows.take, name="take_case"),
    path("flows/cases/<int:pk>/go-on/", flows.go_on, name="move_case"),
    path("flows/cases/<int:pk>/date/", flows.change_date, name="date_case"),
    path("flows/cases/<int:pk>/lost/", flows.give_up, name="lose_case"),
    path("flows/cases/<int:pk>/scope/", flows.out_of_scope, name="scope_case"),
    path("flows/cases/<int:pk>/keep/", flows.keep, name="keep_case"),
    path("flows/cases/<int:pk>/decline/", flows.decline, name="decline_case"),
    path("flows/tasks/<int:pk>/done/", flows.do_task, name="do_case_task"),
    path("desk/tickets/<int:pk>/flow/", flows.begin, name="begin_flow"),
]
