SELECT template_id, first_record_id
FROM store.templates
WHERE template_id IN (SELECT unnest(from_json($ids, '["VARCHAR"]')));
