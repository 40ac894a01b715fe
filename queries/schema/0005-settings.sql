-- All settings of a text, not only the one that matters most. Rows from before this step know that one.
ALTER TABLE store.templates ADD COLUMN settings STRUCT("name" VARCHAR, "value" VARCHAR, "scope" VARCHAR)[];
UPDATE store.templates SET settings = CASE
  WHEN setting_name IS NULL THEN []
  ELSE [{'name': setting_name, 'value': setting_value, 'scope': setting_scope}]
END;
