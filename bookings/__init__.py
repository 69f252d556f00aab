"""What is sold and owed: trips, seats by leg, holds, bookings."""
