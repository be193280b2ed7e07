-- no transaction
-- Whatever asks for due times asks for running promises: nothing reads this index any more, and every write kept it.
drop index concurrently if exists clocks_due_idx;
