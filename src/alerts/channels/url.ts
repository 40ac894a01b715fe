import type { ReceiverUrl } from '../../config/references.ts';
import type { ChannelContext } from './channel.ts';

/** The address of a receiver, which may itself be a secret. @throws PgvigilError SECRET_INVALID */
export async function urlOf(url: ReceiverUrl, context: Pick<ChannelContext, 'secret'>): Promise<string> {
  return typeof url === 'string' ? url : context.secret(url);
}
