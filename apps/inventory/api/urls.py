from django.urls import path

from . import views

urlpatterns = [
    path("items/", views.Items.as_view()),
    path("items/<int:item_id>/", views.OneItem.as_view()),
    path("items/<int:item_id>/deactivate/", views.DeactivateOneItem.as_view()),
    path("items/<int:item_id>/reactivate/", views.ReactivateOneItem.as_view()),
    path("receipts/", views.Receipts.as_view()),
    path("counts/", views.Counts.as_view()),
    path("moves/", views.Moves.as_view()),
    path("reservations/", views.Reservations.as_view()),
    path("reservations/<int:reservation_id>/", views.OneReservation.as_view()),
    path("reservations/<int:reservation_id>/release/", views.ReleaseOne.as_view()),
    path("reservations/<int:reservation_id>/fulfil/", views.FulfilOne.as_view()),
]
