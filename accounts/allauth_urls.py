"""The few addresses that allauth looks up by its own names."""

from django.urls import path

from accounts.views import entrance, me, second_factor

urlpatterns = [
    path("sign-in/", entrance.sign_in, name="account_login"),
    path("sign-up/", entrance.sign_up, name="account_signup"),
    path("sign-out/", entrance.sign_out, name="account_logout"),
    path("sign-in/again/", me.prove_again, name="account_reauthenticate"),
    path("sign-in/again/", me.prove_again, name="mfa_reauthenticate"),
    path("sign-in/again/passkey/", second_factor.prove_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("sign-in/closed/", entrance.closed, name="account_inactive"),
    path("sign-in/second-factor/", second_factor.authenticate, name="mfa_authenticate"),
    path("me/second-factor/", second_factor.overview, name="mfa_index"),
    path("me/second-factor/app/", second_factor.activate_app, name="mfa_activate_totp"),
    path("me/second-factor/app/remove/", second_factor.deactivate_app, name="mfa_deactivate_totp"),
    path("me/second-factor/passkeys/", second_factor.passkeys, name="mfa_list_webauthn"),
    path("me/second-factor/passkeys/add/", second_factor.add_passkey, name="mfa_add_webauthn"),
    path("me/second-factor/passkeys/<int:pk>/remove/", second_factor.remove_passkey, name="mfa_remove_webauthn"),
    path("me/second-factor/passkeys/<int:pk>/", second_factor.rename_passkey, name="mfa_edit_webauthn"),
    path("me/second-factor/recovery-codes/", second_factor.show_codes, name="mfa_view_recovery_codes"),
    path("me/second-factor/recovery-codes/new/", second_factor.generate_codes, name="mfa_generate_recovery_codes"),
]
