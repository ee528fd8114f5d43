"""Addresses of this app."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.hours),
]
