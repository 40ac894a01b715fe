-- What the allow-list needs to know of statements. is_complete: the text says itself all that it touches. A fingerprint leaves
-- out literals, so code inside of one (bodies, SQL in an argument, names of relations as text) is not in it.
SELECT
  s.statement_hash,
  t.fingerprint,
  list_concat(list_concat(t.relations_read, t.relations_written), list_concat(t.catalogs, t.catalogs_written)) AS relations,
  t.parse_ok AND NOT t.tail_redacted
    AND NOT list_has_any(
      t.flags,
      ['parser_failed', 'text_cut', 'do_block', 'dyn_exec', 'body_chr', 'body_decode', 'body_danger', 'body_copy_program']
    )
    AND len(list_filter(
      t.functions,
      lambda f: regexp_matches(f, '(_to_xml|dblink|ts_stat|crosstab|(^|\.)(lo_|pg_read_|pg_ls_))')
    )) = 0 AS is_complete
FROM store.statements s
JOIN store.templates t USING (template_id)
WHERE s.statement_hash IN (SELECT unnest($hashes))
