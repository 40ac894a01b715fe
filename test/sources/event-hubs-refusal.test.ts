import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { type ErrorCode, PgvigilError } from '../../src/errors.ts';
import { EventHubSource, type EventHubSourceOptions } from '../../src/sources/event-hubs.ts';
import { until, within } from '../demo/hub/rig.ts';
import { everythingIn, Ledger, type SourceRig, withSources } from './source-rig.ts';

const REFUSED: ErrorCode = 'SOURCE_REFUSED';
const keyOf = (connectionString: string) => /SharedAccessKey=([^;]*)/.exec(connectionString)![1]!;

/** The error with which `start` ends; nothing in it, or said on the way, gives a secret away. */
async function refusal(
  rig: SourceRig,
  options: Partial<EventHubSourceOptions>,
  secrets: string[],
): Promise<PgvigilError> {
  const { started, events } = rig.open(new Ledger(), options);
  const error = await within(10_000, started).then(
    () => assert.fail('it started'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof PgvigilError, everythingIn(error));
  assert.equal(error.code, REFUSED);
  assert.notEqual(error.hint, '');
  const said = everythingIn([error, events]);
  for (const secret of [...secrets, 'SharedAccessSignature sr=', 'SharedAccessKey='])
    assert.ok(!said.includes(secret), `${secret} in ${said}`);
  assert.ok(!events.some(({ kind }) => kind === 'connected'));
  return error;
}

// Each test has a hub of its own, and mostly waits.
describe('an Event Hubs source is refused for good', { concurrency: true }, () => {
  it('with a wrong key, which is in no text', () =>
    withSources({ partitions: 1 }, async (rig) => {
      const right = keyOf(rig.hub.connectionString);
      const wrong = randomBytes(32).toString('base64');
      const connectionString = rig.hub.connectionString.replace(right, wrong);
      const address = { connectionString, hub: undefined };
      const error = await refusal(rig, { address }, [right, wrong]);
      assert.match(error.message, /eventhub:127\.0\.0\.1\/logs/);
      assert.match(error.hint, /key/);
    }));

  it('with a wrong key name', () =>
    withSources({ partitions: 1 }, async (rig) => {
      const connectionString = rig.hub.connectionString.replace(/KeyName=[^;]*/, 'KeyName=another');
      await refusal(rig, { address: { connectionString, hub: undefined } }, [keyOf(connectionString)]);
    }));

  it('with a wrong name of the hub', () =>
    withSources({ partitions: 1 }, async (rig) => {
      const connectionString = rig.hub.connectionString.replace(';EntityPath=logs', '');
      const address = { connectionString, hub: 'lgos' };
      const error = await refusal(rig, { address }, [keyOf(connectionString)]);
      assert.match(error.message, /lgos/);
      assert.match(error.hint, /eventHub\.name/);
    }));

  it('with a wrong consumer group, which only a reader learns', () =>
    withSources({ partitions: 3 }, async (rig) => {
      rig.append('0', 0, 5);
      const error = await refusal(rig, { consumerGroup: 'nobody' }, [keyOf(rig.hub.connectionString)]);
      assert.match(error.message, /nobody/);
      assert.match(error.hint, /consumerGroup/);
    }));

  it('and leaves no connection behind', () =>
    withSources({ partitions: 1 }, async (rig) => {
      const { started, source } = rig.open(new Ledger(), { consumerGroup: 'nobody' });
      await assert.rejects(started, { code: REFUSED });
      await within(100, source.close());
      await until(() => rig.readers('0').length === 0, 'no reader');
    }));

  it('with a connection string that is none, which is in no text', () => {
    const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0';
    const strings: Array<[string, string | undefined]> = [
      ['', undefined],
      [secret, undefined],
      [`SharedAccessKey=${secret}`, undefined],
      [`SharedAccessKeyName=listen;SharedAccessKey=${secret};EntityPath=logs`, undefined],
      [`Endpoint=;SharedAccessKeyName=listen;SharedAccessKey=${secret};EntityPath=logs`, undefined],
      [
        `Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=listen;EntityPath=${secret}=;x`,
        undefined,
      ],
      // Names no hub.
      [`Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=x;SharedAccessKey=${secret}`, undefined],
      // Names another hub.
      [
        `Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=x;SharedAccessKey=${secret};EntityPath=logs`,
        'others',
      ],
    ];
    for (const [connectionString, hub] of strings) {
      const create = () =>
        new EventHubSource({
          address: { connectionString, hub },
          consumerGroup: '$Default',
          startPosition: 'earliest',
          ingest: async () => {},
          position: () => undefined,
          onEvent: () => {},
        });
      assert.throws(create, (error) => {
        assert.ok(error instanceof PgvigilError, everythingIn(error));
        assert.equal(error.code, REFUSED);
        assert.match(error.hint, /Endpoint=sb:\/\//);
        assert.ok(!everythingIn(error).includes(secret));
        return true;
      });
    }
  });
});
