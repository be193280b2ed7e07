-- no transaction
-- What is due is found by host: nothing reads this index any more, and every write kept it.
drop index concurrently if exists deliveries_due_idx;
