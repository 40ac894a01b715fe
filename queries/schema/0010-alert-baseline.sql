-- What is usual, in the unit of observed. Null where the detector does not know it.
ALTER TABLE store.alerts ADD COLUMN baseline DOUBLE;
