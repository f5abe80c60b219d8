"""Stand-ins for packages that users have and the development environment lacks."""
