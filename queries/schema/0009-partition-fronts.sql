-- Newest event that a partition brought: detection waits for the partition that is furthest behind. Null until its next record.
ALTER TABLE store.positions ADD COLUMN newest_event TIMESTAMP;
