/** Statements as an application sends them: the shapes of its templates, and literals that are new each time. */
import { hash } from 'node:crypto';

type Shape = (template: number, value: number) => string;

const SHAPES: readonly Shape[] = [
  (template, value) =>
    `SELECT o.id, o.total, c.name FROM shop.orders_${template} o JOIN shop.customers c ON c.id = o.customer_id ` +
    `WHERE o.id = ${value} AND c.email = 'user${value}@example.com' ORDER BY o.created_at DESC LIMIT 50`,
  (template, value) =>
    `INSERT INTO shop.events_${template} (id, kind, payload, at) VALUES (${value}, 'click', ` +
    `'{"page": "/item/${value}", "ms": ${value % 977}}', '2026-11-26 10:${10 + (value % 50)}:00+00') RETURNING id`,
  (template, value) =>
    `UPDATE shop.stock_${template} SET amount = amount - ${value % 9}, changed_by = 'svc-${value % 31}' ` +
    `WHERE sku = 'SKU-${value}' AND warehouse IN (${value % 7}, ${value % 11}, ${value % 13})`,
  (template, value) =>
    `SELECT "t${template}"."id" AS "id", "t${template}"."name" AS "name" FROM "public"."t${template}" ` +
    `WHERE ("t${template}"."tenant" = '${hash('md5', String(value))}' AND "t${template}"."deleted" IS NULL) LIMIT 1`,
  (template, value) =>
    `/* traceparent='00-${hash('md5', String(value))}-01' */ DELETE FROM sessions_${template} ` +
    `WHERE token = '${hash('sha1', String(value))}' AND expires < now() - interval '${value % 90} days'`,
];

/** @param value makes the literals; other values, other literals */
export function applicationText(template: number, value: number): string {
  return SHAPES[template % SHAPES.length]!(template, value);
}
