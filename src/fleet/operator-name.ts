import { userInfo } from 'node:os';

/** The user's name; a container may run under a user ID that has none. */
export function operatorName({ USER, USERNAME }: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return USER || USERNAME || 'unknown';
  }
}
