from django.urls import path

from . import views

urlpatterns = [
    path("", views.Notices.as_view()),
    path("<int:notice_id>/", views.OneNotice.as_view()),
    path("deliveries/<int:notice_delivery_id>/resend/", views.ResendOneNoticeDelivery.as_view()),
    path("channels/", views.NotificationChannels.as_view()),
    path("channels/<int:channel_id>/send-test-message/", views.SendOneTestMessage.as_view()),
    path("channels/<int:channel_id>/remove/", views.RemoveOneChannel.as_view()),
]
