import { userInfo } from 'node:os';

/** Whoever sits at the keyboard; empty for a container's user id without a name. */
export function account(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
