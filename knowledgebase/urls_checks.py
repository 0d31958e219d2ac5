"""The monthly reading; `knowledgebase.urls` includes them in `wiki:`, before the slugs."""

from django.urls import path

from knowledgebase.views import check, check_rules, checks

urlpatterns = [
    path("wiki/checks/", checks.month, name="checks"),
    path("wiki/checks/export/", checks.export, name="checks_export"),
    path("wiki/checks/next/", checks.go_on, name="check_next"),
    path("wiki/checks/complete/", checks.complete, name="checks_complete"),
    path("wiki/checks/take-over/", checks.take_over, name="checks_take_over"),
    path("wiki/checks/<int:pk>/", check.item, name="check"),
    path("wiki/checks/<int:pk>/tick/", check.tick, name="check_tick"),
    path("wiki/checks/<int:pk>/right/", check.settle, name="check_settle"),
    path("wiki/checks/<int:pk>/wrong/", check.flag, name="check_flag"),
    path("settings/wiki/reading/", check_rules.rules, name="check_rules"),
]
