/** Values of the configuration that name something which is read elsewhere: secrets, addresses of receivers. */
import { z } from 'zod';

/** Where a secret is to be read when it is used. The configuration itself never holds one. */
export const secretRef = z
  .union(
    [
      z.strictObject({
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .meta({ allowed: 'the name of an environment variable' }),
      }),
      z.strictObject({ file: z.string().min(1) }),
    ],
    {
      error: (issue) =>
        typeof issue.input === 'string'
          ? 'must not be written into the configuration: name where it is, { env: NAME } or { file: PATH }'
          : 'must be { env: NAME } or { file: PATH }',
    },
  )
  .meta({ allowed: '{ env: NAME } or { file: PATH }' });
export type SecretRef = z.infer<typeof secretRef>;

/** The parser has turned every spelling of an IPv4 address into four numbers. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Address of a receiver, or where it is to be read. */
export const receiverUrl = z
  .union([z.string(), secretRef], { error: 'must be a URL, or { env: NAME } or { file: PATH }' })
  .superRefine((value, context) => {
    if (typeof value !== 'string') return;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      context.addIssue({ code: 'custom', message: 'must be a URL that starts with https://' });
    } else if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
      context.addIssue({
        code: 'custom',
        message: 'must be an https:// URL; http:// is for this machine only',
      });
    } else if (url.username !== '' || url.password !== '') {
      const message = 'holds a user name or password: name where the URL is, { env: NAME } or { file: PATH }';
      context.addIssue({ code: 'custom', message });
    }
  })
  .meta({ allowed: 'URL, { env: NAME } or { file: PATH }' });
export type ReceiverUrl = z.infer<typeof receiverUrl>;
