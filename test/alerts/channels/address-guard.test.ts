import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressGuard } from '../../../src/alerts/channels/address-guard.ts';

const closed = new AddressGuard([]);

describe('the guard of receivers’ addresses', () => {
  it('lets public addresses through, and no others', () => {
    for (const address of [
      '93.184.216.34',
      '2606:2800:220:1::1',
      '64:ff9b::5db8:d822',
      '::ffff:93.184.216.34',
    ]) {
      assert.equal(closed.refusal('hooks.example.com', address), null, address);
    }
    for (const address of [
      '10.0.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '127.0.0.1',
      '0.0.0.0',
      '169.254.1.1',
      '100.64.0.1',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '::1',
      '::',
      'fc00::1',
      'fe80::1%eth0',
      'ff02::1',
      '::ffff:10.0.0.1',
      '::10.0.0.1',
      '64:ff9b::a00:1',
      '64:ff9b:1::a00:1',
      '2002:a00:1::1',
      '2001:0:1::1',
      'not an address',
    ]) {
      assert.equal(closed.refusal('hooks.example.com', address)?.code, 'ADDRESS_REFUSED', address);
    }
  });

  it('lets a host through that is allowed by name, however it is written', () => {
    const guard = new AddressGuard(['SIEM.corp.example.', '10.1.2.3', 'FD00::1']);
    assert.equal(guard.refusal('siem.corp.example', '10.9.9.9'), null);
    assert.equal(guard.refusal('10.1.2.3', '10.1.2.3'), null);
    assert.equal(guard.refusalOfHost('[fd00:0:0::1]'), null);
    for (const host of ['siem.corp.example.evil.example', 'evil.example', '10.1.2.4']) {
      assert.ok(guard.refusal(host, '10.9.9.9'), host);
    }
  });

  it('takes no name for the address of a cloud’s metadata', () => {
    const named = new AddressGuard(['siem.corp.example']);
    for (const address of [
      '169.254.169.254',
      '168.63.129.16',
      'fd00:ec2::254',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
    ]) {
      assert.match(named.refusal('siem.corp.example', address)?.message ?? '', /metadata/, address);
    }
    assert.equal(new AddressGuard(['169.254.169.254']).refusal('169.254.169.254', '169.254.169.254'), null);
  });

  it('looks up for itself: one private address of several refuses the connection', async () => {
    const lookup = (guard: AddressGuard, host: string, all: boolean) =>
      new Promise((resolve) => guard.lookup(host, { all }, (error, address) => resolve(error ?? address)));
    assert.match(String(await lookup(closed, 'localhost', true)), /AddressRefused: localhost is at/);
    assert.ok(Array.isArray(await lookup(new AddressGuard(['localhost']), 'localhost', true)));
    assert.match(
      String(await lookup(new AddressGuard(['localhost']), 'localhost', false)),
      /^(127\.0\.0\.1|::1)$/,
    );
    assert.match(String(await lookup(closed, 'no-such-host.invalid', false)), /ENOTFOUND|EAI_AGAIN/);
  });
});
