/** Being written by the helper for calendars; see git for the rest. */
