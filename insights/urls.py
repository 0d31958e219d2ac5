"""Reports for the desk, and the page on which customers rate."""

from django.urls import include, path

from insights.views import costs, out_of_scope, overview, panel, rate, reports, satisfaction, setup, weekly

app_name = "insights"
urlpatterns = [
    path("", include("insights.urls_problems")),
    path("", include("insights.urls_programmes")),
    path("rate/<str:token>/", rate.rate, name="rate"),
    path("insights/", overview.page, name="overview"),
    path("insights/months.csv", overview.months_csv, name="months_csv"),
    path("insights/reasons.csv", overview.drivers_csv, name="drivers_csv"),
    path("insights/rows/<slug:what>/", overview.behind, name="behind"),
    path("insights/out-of-scope/", out_of_scope.page, name="out_of_scope"),
    path("insights/out-of-scope.csv", out_of_scope.csv, name="out_of_scope_csv"),
    path("me/weekly/", weekly.choose, name="weekly"),
    path("settings/costs/", costs.rules, name="costs"),
    path("settings/costs/<int:year>-<int:number>/", costs.month, name="cost_month"),
    path("reports/", reports.overview, name="reports"),
    path("reports/tickets/", reports.rows, name="rows"),
    path("reports/figures.csv", reports.figures_csv, name="figures_csv"),
    path("reports/satisfaction/", satisfaction.page, name="satisfaction"),
    path("reports/satisfaction/answers.csv", satisfaction.answers_csv, name="answers_csv"),
    path("reports/tickets/<int:pk>/rating/", panel.rating, name="rating"),
    path("settings/surveys/", setup.surveys, name="survey_rules"),
]
