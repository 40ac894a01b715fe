/** The promise: the document of the API is valid, and it is what the API does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ROLES } from '../../src/access/access.ts';
import { openApiDocument } from '../../src/server/openapi.ts';
import { ROUTES } from '../../src/server/routes.ts';
import { alertWith } from '../alerts/support.ts';
import { type Rig, startRig, storeAlerts } from './rig.ts';

const ALERT = alertWith();
let rig: Rig;
before(async () => {
  rig = await startRig();
  await storeAlerts(rig.store, [ALERT]);
});
after(() => rig.close());

interface Document {
  paths: Record<
    string,
    Record<
      string,
      { operationId: string; responses: Record<string, { content: Record<string, { schema: object }> }> }
    >
  >;
  components: object;
}
const DOCUMENT = openApiDocument(ROUTES) as unknown as Document;

test('it is a valid OpenAPI 3.1 document, and each operation has a name of its own', async () => {
  const result = await new Validator().validate(JSON.parse(JSON.stringify(DOCUMENT)));
  assert.deepEqual(result.errors ?? [], []);
  assert.equal(result.valid, true);
  const names = Object.values(DOCUMENT.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(names).size, names.length);
  assert.equal(names.length, ROUTES.length);
});

test('the API serves it', async () => {
  const response = await rig.ask('/openapi.json', { token: 'pgv_viewer' });
  assert.deepEqual(await response.json(), DOCUMENT);
});

/** A path that leads to something, where its parts are names. */
const REAL: Readonly<Record<string, string>> = {
  '/views/{name}': '/views/activity',
  '/investigations/{name}': '/investigations/user-activity',
};
const pathOf = (path: string) => (REAL[path] ?? path).replace('{id}', ALERT.alertId).replace(/\{\w+\}/g, 'x');
const BODIES: Readonly<Record<string, unknown>> = {
  '/query': { sql: 'FROM sessions' },
  '/investigations/{name}': { parameters: { user: 'alice' } },
  '/alerts/{id}/close': { reason: 'expected' },
};

test('every answer has the shape that the document gives it, whether it is a refusal or not', async () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'api', ...DOCUMENT });
  const codes = new Set<number>();
  for (const { method, path, answers } of ROUTES) {
    const body = method === 'post' ? { body: JSON.stringify(BODIES[path] ?? {}) } : {};
    const response = await rig.ask(pathOf(path), {
      method: method.toUpperCase(),
      token: 'pgv_admin',
      ...body,
    });
    codes.add(response.status);
    const pointer = `/api/v1${path}`
      .replaceAll('~', '~0')
      .replaceAll('/', '~1')
      .replaceAll('{', '%7B')
      .replaceAll('}', '%7D');
    const validate = ajv.getSchema(
      `api#/paths/${pointer}/${method}/responses/${response.status}/content/application~1json/schema`,
    );
    assert.ok(validate, `${method} ${path} answered ${response.status}, of which the document knows nothing`);
    const value = await response.json();
    assert.ok(
      validate(value),
      `${method} ${path}: ${ajv.errorsText(validate.errors)} ${JSON.stringify(value)}`,
    );
    assert.ok('application/json' in answers);
  }
  assert.ok(codes.has(200) && codes.has(404) && codes.has(409));
});

const TOKEN_OF = { viewer: 'pgv_viewer', analyst: 'pgv_analyst', admin: 'pgv_admin' } as const;

test('every route but health refuses who has no token, and who has a role below its own', async () => {
  for (const { method, path, role } of ROUTES) {
    const ask = (token: string | null) => rig.ask(pathOf(path), { method: method.toUpperCase(), token });
    const { status } = await ask(null);
    assert.ok(
      role === null ? status === 200 : status === 401 || status === 429,
      `${method} ${path}: ${status}`,
    );
    if (role === null) {
      assert.equal(path, '/health');
      continue;
    }
    for (const below of ROLES.slice(0, ROLES.indexOf(role))) {
      const refused = await ask(TOKEN_OF[below]);
      assert.equal(refused.status, 403, `${method} ${path} for ${below}`);
      const { error } = (await refused.json()) as { error: { message: string } };
      assert.match(error.message, new RegExp(`needs the role ${role}`));
    }
  }
});
