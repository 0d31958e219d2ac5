"""Signing in, and the pages about oneself."""

from django.urls import path

from accounts.views import account_links, caller, entrance, me, notifications, reset, tokens

app_name = "accounts"
urlpatterns = [
    path("sign-in/", entrance.sign_in, name="sign_in"),
    path("sign-in/code/", entrance.code, name="code"),
    path("sign-in/again/", me.prove_again, name="prove_again"),
    path("sign-up/", entrance.sign_up, name="sign_up"),
    path("sign-out/", entrance.sign_out, name="sign_out"),
    path("invitation/<str:token>/", entrance.invitation, name="invitation"),
    path("reset/", reset.ask, name="reset"),
    path("reset/<str:token>/", reset.set_password, name="set_password"),
    path("account-change/<str:token>/", account_links.call_back, name="call_back"),
    path("me/", me.profile, name="me"),
    path("me/caller/", caller.caller, name="caller"),
    path("me/caller/no/", caller.decline, name="decline_caller"),
    path("me/close/", account_links.close, name="close"),
    path("me/close/keep/", account_links.keep, name="keep"),
    path("me/notifications/", notifications.chosen, name="notifications"),
    path("me/password/", me.password, name="password"),
    path("me/sessions/", me.sessions, name="sessions"),
    path("me/sessions/end-others/", me.end_other_sessions, name="end_other_sessions"),
    path("me/sessions/<int:pk>/end/", me.end_session, name="end_session"),
    path("me/tokens/", tokens.tokens, name="tokens"),
    path("me/tokens/<int:pk>/revoke/", tokens.revoke_token, name="revoke_token"),
]
