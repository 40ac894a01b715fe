import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { SMTPServerOptions } from 'smtp-server';
import type { ChannelContext } from '../../../src/alerts/channels/channel.ts';
import { email } from '../../../src/alerts/channels/email.ts';
import { mailOf } from '../../../src/alerts/channels/mail.ts';
import { PgvigilError } from '../../../src/errors.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { assertGolden } from './golden.ts';
import { DIGEST, HOSTILE_MESSAGE, LARGEST_MESSAGE, MESSAGES, OPENED } from './messages.ts';
import { reply, SmtpReceiver } from './smtp-receiver.ts';

const PASSWORD = 'correct horse battery';
const WIRE = Buffer.from(`\0pgvigil\0${PASSWORD}`).toString('base64');
const TO = ['soc@example.com', 'dba@example.com'];

/** As a real submission server: nothing without TLS, nothing without a sign-in. */
const STRICT: SMTPServerOptions = {
  authOptional: false,
  onAuth: ({ username, password }, _session, done) => {
    if (username === 'pgvigil' && password === PASSWORD) done(null, { user: username });
    else done(reply(535, `5.7.8 not accepted: ${password}`));
  },
  onMailFrom: (_address, session, done) => done(session.secure ? null : reply(530, '5.7.0 STARTTLS first')),
};

type Options = Parameters<typeof email.open>[0];

async function open(
  t: TestContext,
  server: SMTPServerOptions = {},
  options: Partial<Options> = {},
  changes: Partial<ChannelContext> = {},
) {
  const receiver = await SmtpReceiver.start(t, { ...STRICT, ...server });
  const channel = await email.open(
    {
      host: 'localhost',
      port: receiver.port,
      security: 'starttls',
      user: 'pgvigil',
      password: { env: 'PASSWORD' },
      from: 'pgvigil@example.com',
      to: TO,
      ...options,
    },
    contextWith({ ca: receiver.ca, ...changes }, { PASSWORD }),
  );
  return { receiver, channel };
}

conforms('email', {
  faults: ['error', 'silent', 'drop'],
  async rig(t, changes) {
    const { receiver, channel } = await open(t, {}, {}, changes);
    return {
      channel,
      taken: () =>
        receiver.taken.map(({ id, parsed }) => ({
          id,
          text: `${parsed.subject}\n${parsed.text}\n${parsed.html || ''}`,
        })),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: [PASSWORD, WIRE],
    };
  },
});

describe('a mail', () => {
  for (const type of ['alert.opened', 'alert.closed', 'alert.digest'] as const) {
    it(`of ${type} reads as the golden files have it`, () => {
      const name = type.slice('alert.'.length);
      const { subject, text, html } = mailOf(MESSAGES[type], 'msg_1');
      assertGolden(`email-${name}.txt`, `Subject: ${subject}\n\n${text}`);
      assertGolden(`email-${name}.html`, html);
    });
  }

  it('has the headers by which mail systems know repeats, threads and machines', async (t) => {
    const { receiver, channel } = await open(t);
    await send(channel, OPENED, 'msg_1');
    await send(channel, MESSAGES['alert.closed'], 'msg_2');
    await send(channel, DIGEST, 'msg_3');
    const [opened, closed, digest] = receiver.taken.map(({ parsed }) => parsed);
    assert.ok(opened && closed && digest);
    assert.equal(opened.messageId, '<msg_1@pgvigil>');
    assert.equal(opened.inReplyTo, `<${OPENED.data.id}@pgvigil>`);
    assert.equal(opened.references, closed.references);
    assert.equal(digest.inReplyTo, undefined);
    assert.equal(opened.headers.get('auto-submitted'), 'auto-generated');
    assert.equal(opened.headers.get('x-pgvigil-alert'), OPENED.data.id);
    assert.equal(opened.date?.toISOString(), OPENED.timestamp);
    assert.equal(opened.from?.text, '"pgvigil" <pgvigil@example.com>');
    assert.deepEqual(
      [opened.to].flat().flatMap((one) => one?.value.map(({ address }) => address)),
      TO,
    );
    assert.match(opened.subject ?? '', /^HIGH · New alert · Suspected brute force .* · pg-prod-1$/);
  });

  it('is the same bytes on every attempt', async (t) => {
    const { receiver, channel } = await open(t);
    const results = [await send(channel, OPENED, 'msg_1'), await send(channel, OPENED, 'msg_1')];
    assert.equal(receiver.taken[0]?.raw, receiver.taken[1]?.raw);
    assert.equal(results[0]?.bodyHash, results[1]?.bodyHash);
  });

  it('lets nobody write a header, a tag or an address of theirs', async (t) => {
    const { receiver, channel } = await open(t);
    await send(channel, HOSTILE_MESSAGE);
    const [mail] = receiver.taken;
    assert.ok(mail);
    const { parsed, raw } = mail;
    assert.deepEqual(mail.to, TO);
    assert.equal(parsed.bcc, undefined);
    const headers = raw.slice(0, raw.indexOf('\r\n\r\n'));
    assert.doesNotMatch(headers, /^bcc:/im);
    assert.ok((parsed.subject ?? '').length <= 200 && !/[\r\n]/.test(parsed.subject ?? ''));
    const html = String(parsed.html);
    const tags = new Set([...html.matchAll(/<\/?([a-z0-9!]+)/gi)].map(([, tag]) => tag));
    assert.deepEqual(
      [...tags].sort(),
      '!doctype b body h1 h2 head html li meta ol p pre table td th title tr'.split(' '),
    );
    assert.doesNotMatch(html, /<[^>]*(src|href|url\()/i);
    assert.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  });

  it('has links where the message has web addresses, and a subject of 200 characters at most', () => {
    const hrefs = (acknowledge: string, close: string) => {
      const message = { ...OPENED, data: { ...OPENED.data, links: { acknowledge, close } } };
      return [...mailOf(message, 'msg_1').html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
    };
    const [one, two] = ['https://p.example/a?x=1&y="', 'https://p.example/c'];
    assert.deepEqual(hrefs(one, two), ['https://p.example/a?x=1&amp;y=&quot;', two]);
    assert.deepEqual(hrefs('javascript:alert(1)', two), []);
    const title = 'x'.repeat(300);
    assert.equal(mailOf({ ...OPENED, data: { ...OPENED.data, title } }, 'msg_1').subject.length, 200);
    assert.ok(mailOf(LARGEST_MESSAGE, 'msg_1').subject.length <= 400);
  });
});

describe('the email channel', () => {
  it('signs in over TLS alone, for the name of the host', async (t) => {
    for (const [server, security] of [
      [{}, 'starttls'],
      [{ secure: true }, 'tls'],
    ] as const) {
      const { receiver, channel } = await open(t, server, { security });
      const result = await send(channel, OPENED);
      assert.deepEqual([result.outcome, result.status], ['delivered', 250], inspect(result));
      const [mail] = receiver.taken;
      assert.deepEqual([mail?.secure, mail?.user, mail?.servername], [true, 'pgvigil', 'localhost']);
    }
  });

  it('says nothing to a server without TLS, or with a certificate that is not to be trusted', async (t) => {
    let heard = false;
    const listening: SMTPServerOptions = {
      authOptional: true,
      onAuth: () => {
        heard = true;
      },
      onMailFrom: (_address, _session, done) => {
        heard = true;
        done();
      },
    };
    for (const [server, changes, error] of [
      [{ disabledCommands: ['STARTTLS'] }, {}, /: STARTTLS answered 5\d\d /],
      [{}, { ca: undefined }, /: DEPTH_ZERO_SELF_SIGNED_CERT$/],
      [
        { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
        {},
        /: ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION$/,
      ],
    ] as [SMTPServerOptions, Partial<ChannelContext>, RegExp][]) {
      const { channel } = await open(t, { ...listening, ...server }, {}, changes);
      const result = await send(channel, OPENED);
      assert.ok(result.outcome === 'retry', inspect(result));
      assert.match(result.error, error);
    }
    assert.equal(heard, false);
  });

  it('tries again when it is the sign-in that is refused, and does not show the password', async (t) => {
    const { channel } = await open(t, {
      onAuth: (_auth, _session, done) => done(reply(535, `5.7.8 no: ${PASSWORD} ${WIRE}`)),
    });
    const result = await send(channel, OPENED);
    assert.ok(result.outcome === 'retry' && result.status === 535, inspect(result));
    assert.match(result.error, /: AUTH PLAIN answered 535 5\.7\.8 no: … …$/);
  });

  it('tells a mail that is never taken from one that is not taken at present', async (t) => {
    const refusing = (code: number): SMTPServerOptions => ({
      onRcptTo: (_address, _session, done) => done(reply(code, 'no such mailbox')),
    });
    const cases: [SMTPServerOptions, string, number][] = [
      [refusing(550), 'refused', 550],
      [refusing(450), 'retry', 450],
      [
        {
          onData: (stream, _session, done) => void stream.resume().on('end', () => done(reply(554, 'spam'))),
        },
        'refused',
        554,
      ],
      [{ onMailFrom: (_address, _session, done) => done(reply(530, 'sign in')) }, 'retry', 530],
      [{ onConnect: (_session, done) => done(reply(554, 'not today')) }, 'retry', 554],
      [{ onConnect: (_session, done) => done(reply(421, 'busy')) }, 'retry', 421],
    ];
    for (const [server, outcome, status] of cases) {
      const { channel } = await open(t, server);
      const result = await send(channel, OPENED);
      assert.deepEqual([result.outcome, result.status], [outcome, status], inspect(result));
    }
  });

  it('has delivered what one recipient of several gets, and says who does not', async (t) => {
    const { receiver, channel } = await open(t, {
      onRcptTo: ({ address }, _session, done) =>
        done(address === 'dba@example.com' ? reply(550, '5.1.1 no such mailbox') : null),
    });
    const result = await send(channel, OPENED);
    assert.ok(result.outcome === 'delivered');
    assert.equal(result.warning, 'dba@example.com: 550 5.1.1 no such mailbox');
    assert.deepEqual(receiver.taken[0]?.to, ['soc@example.com']);
  });

  it('goes to no private address that is not allowed', async (t) => {
    const { channel } = await open(t, {}, {}, { allowPrivate: [] });
    const result = await send(channel, OPENED);
    assert.ok(result.outcome === 'retry');
    assert.match(result.error, /localhost is at .*, a loopback address: allow it with allowPrivate/);
    await refuses({ host: '127.0.0.1' }, { allowPrivate: [] });
    await refuses({ host: '::1' }, { allowPrivate: [] });
  });

  it('is not opened without TLS to other machines, or with half a sign-in', async () => {
    await refuses({ security: 'none', host: 'smtp.example.com' });
    await refuses({ user: 'pgvigil' });
    await refuses({ password: { env: 'PASSWORD' } });
    const here = { host: '127.0.0.1', port: 25, security: 'none', from: 'a@b', to: ['c@d'] } as const;
    const channel = await email.open({ ...here, to: [...here.to] }, contextWith({}));
    assert.equal(channel.target, 'c@d via 127.0.0.1:25');
  });
});

async function refuses(options: Partial<Options>, changes: Partial<ChannelContext> = {}): Promise<void> {
  const base: Options = { host: 'localhost', port: 587, security: 'starttls', from: 'a@b', to: ['c@d'] };
  await assert.rejects(
    email.open({ ...base, ...options }, contextWith(changes, { PASSWORD })),
    (error) => error instanceof PgvigilError && error.code === 'CONFIG_INVALID',
  );
}
