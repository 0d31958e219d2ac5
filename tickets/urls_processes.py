"""The desk's addresses for processes on tickets. Part of `tickets.urls`."""

from django.urls import path

from tickets.views.desk import accompanied, learning, processes

urlpatterns = [
    path("steps/", processes.steps, name="steps"),
    path("desk/tickets/<int:pk>/process/", processes.panel, name="process_panel"),
    path("desk/tickets/<int:pk>/process/start/", processes.start, name="start_process"),
    path("desk/tickets/<int:pk>/learned/", learning.learned, name="learned"),
    path("steps/learned/", learning.report, name="learned_report"),
    path("desk/tickets/<int:pk>/process/write/", processes.from_ticket, name="process_from_ticket"),
    path("desk/processes/<int:pk>/use/", processes.use, name="process_use"),
    path("desk/processes/<int:pk>/begin/", processes.begin, name="begin_process"),
    path("steps/accompanied/", accompanied.overview, name="apprentices"),
    path("steps/accompanied/new/", accompanied.accompany, name="accompany"),
    path("steps/accompanied/<int:pk>/release/", accompanied.release, name="release_apprentice"),
    path("desk/held-replies/<int:pk>/", accompanied.held_reply, name="held_reply"),
    path("desk/runs/<int:pk>/judge/<int:person>/", accompanied.judge, name="judge_run"),
    path("desk/runs/<int:pk>/follow/", processes.follow, name="follow_process"),
    path("desk/runs/<int:pk>/stop/", processes.stop, name="stop_process"),
    path("desk/steps/<int:pk>/claim/", processes.claim, name="claim_step"),
    path("desk/steps/<int:pk>/finish/", processes.finish, name="finish_step"),
    path("desk/steps/<int:pk>/skip/", processes.skip, name="skip_step"),
    path("desk/steps/<int:pk>/hand-back/", processes.hand_back, name="hand_step_back"),
    path("desk/steps/<int:pk>/take-back/", processes.take_back, name="take_step_back"),
]
