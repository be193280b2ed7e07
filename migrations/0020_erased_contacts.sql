-- A person who was erased stays as a row without anything of theirs, so that what refers to it still has its place.
alter table contacts add column erased_at timestamptz(0);
