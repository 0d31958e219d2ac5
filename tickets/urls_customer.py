"""What customers open."""

from django.urls import path

from tickets.views.customer import claim, contact, help, link, priority, suggesting, supported, tickets

app_name = "customer"
urlpatterns = [
    path("help/", help.open_ticket, name="help"),
    path("help/received/<str:token>/", help.received, name="received"),
    path("help/<slug:slug>/", contact.page, name="contact"),
    path("help/<slug:slug>/suggestions/", suggesting.contact_list, name="contact_suggestions"),
    path("help/<slug:slug>/solved/", suggesting.contact_solved, name="contact_solved"),
    path("embed/contact.js", contact.script, name="embed_script"),
    path("embed/<slug:slug>/", contact.frame, name="embed"),
    path("embed/<slug:slug>/suggestions/", contact.frame_list, name="embed_suggestions"),
    path("embed/<slug:slug>/solved/", contact.frame_solved, name="embed_solved"),
    path("embed/<slug:slug>/received/<str:token>/", contact.frame_received, name="embed_received"),
    path("tickets/", tickets.ticket_list, name="tickets"),
    path("tickets/<int:pk>/", tickets.ticket, name="ticket"),
    path("tickets/<int:pk>/answer/", tickets.answer, name="answer"),
    path("tickets/<int:pk>/close/", tickets.close, name="close"),
    path("tickets/<int:pk>/reopen/", tickets.reopen, name="reopen"),
    path("tickets/<int:pk>/looked/", tickets.looked, name="looked"),
    path("tickets/<int:pk>/files/<int:file_pk>/", tickets.file, name="file"),
    path("tickets/<int:pk>/files/<int:file_pk>/picture/", tickets.picture, name="picture"),
    path("what-we-support/", supported.supported, name="supported"),
    path("account/support/", priority.support, name="support"),
    path("account/support/<int:pk>/name/", priority.name, name="name_for_support"),
    path("account/support/<int:pk>/people/<int:person_pk>/remove/", priority.take_out, name="take_out_of_support"),
    path("claim/<str:token>/", claim.claim, name="claim"),
    path("t/fresh/", link.fresh, name="link_fresh"),
    path("t/sent/", link.sent, name="link_sent"),
    path("t/<str:token>/", link.link, name="link"),
    path("t/<str:token>/answer/", link.answer, name="link_answer"),
    path("t/<str:token>/answered/", link.answered, name="link_answered"),
    path("t/<str:token>/close/", link.close, name="link_close"),
    path("t/<str:token>/reopen/", link.reopen, name="link_reopen"),
    path("t/<str:token>/files/<int:file_pk>/", link.file, name="link_file"),
    path("t/<str:token>/files/<int:file_pk>/picture/", link.picture, name="link_picture"),
]
