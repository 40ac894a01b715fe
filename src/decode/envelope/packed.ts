/** Messages whose body is packed with gzip (RFC 1952): nothing that Azure sends is, but what people put in between may be. */
import { constants, gunzipSync } from 'node:zlib';

/** What a body may unpack to, bytes: sixty times the largest message of a hub. */
const MAX_UNPACKED = 64 * 1024 * 1024;

export function isGzip(body: Uint8Array): boolean {
  return body.length > 2 && body[0] === 0x1f && body[1] === 0x8b && body[2] === 0x08;
}

export interface Unpacked {
  bytes: Uint8Array;
  /** False where the body is cut: the rest of it is missing. */
  isWhole: boolean;
}

/**
 * The body unpacked, as far as it goes where it is cut; null when it is damaged or unpacks to more than 64 MB.
 * Holds no more than that in memory.
 */
export function unpackGzip(body: Uint8Array): Unpacked | null {
  const whole = unpack(body, constants.Z_FINISH);
  if (whole !== null) return { bytes: whole, isWhole: true };
  const start = unpack(body, constants.Z_SYNC_FLUSH);
  return start === null ? null : { bytes: start, isWhole: false };
}

function unpack(body: Uint8Array, finishFlush: number): Uint8Array | null {
  try {
    return gunzipSync(body, { maxOutputLength: MAX_UNPACKED, finishFlush });
  } catch {
    return null;
  }
}
