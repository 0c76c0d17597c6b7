import { userInfo } from 'node:os';

/** Who types, as far as the system knows; a container may run under a number that has no name. */
export function operatorName({ USER, USERNAME }: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return USER || USERNAME || 'unknown';
  }
}
