"""Problems behind contact drivers, and telling customers of fixes. Part of the namespace `insights`."""

from django.urls import path

from insights.views import beside, drivers, problems

urlpatterns = [
    path("insights/problems/", problems.overview, name="problems"),
    path("insights/problems/reasons.csv", drivers.reasons_csv, name="reasons_csv"),
    path("insights/problems/other/", drivers.other, name="other_contacts"),
    path("insights/problems/plan/<int:pk>/", problems.plan, name="plan_fix"),
    path("insights/problems/<int:pk>/", problems.page, name="problem"),
    path("insights/problems/<int:pk>/change/", problems.change, name="change_problem"),
    path("insights/problems/<int:pk>/fixed/", problems.fixed, name="problem_fixed"),
    path("insights/problems/<int:pk>/again/", problems.again, name="open_problem_again"),
    path("insights/problems/<int:pk>/effort/", problems.effort, name="note_effort"),
    path("insights/problems/<int:pk>/link/", problems.link_many, name="link_tickets"),
    path("insights/problems/<int:pk>/announce/", problems.announce, name="announce_fix"),
    path("insights/drivers/<int:pk>/", drivers.driver, name="driver"),
    path("reports/tickets/<int:pk>/problem/", beside.problem, name="ticket_problem"),
    path("reports/tickets/<int:pk>/problem/link/", beside.link, name="link_ticket"),
    path("reports/tickets/<int:pk>/problem/<int:problem>/unlink/", beside.unlink, name="unlink_ticket"),
    path("reports/articles/<int:pk>/used/", beside.used, name="article_used"),
]
