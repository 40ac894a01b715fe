/** `pgvigil alerts keys`: keys for signing (Standard Webhooks 1.0.0). */
import { newKeyPair, newSecret } from '../alerts/signature.ts';

export function printKeys(): void {
  const { secret, publicKey } = newKeyPair();
  process.stdout.write(
    [
      'HMAC-SHA256, one secret for both sides:',
      `  secret        ${newSecret()}`,
      '',
      'ed25519, the receiver can verify and not sign:',
      `  secret        ${secret}`,
      `  for receivers ${publicKey}`,
      '',
      'Put the secret where the configuration names it ({ env: NAME } or { file: PATH }), with mode 0600.',
      'To change it, write the new and the old one there, with a space between, until receivers know the new one.',
      '',
    ].join('\n'),
  );
}
