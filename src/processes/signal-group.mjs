// @ts-check

/**
 * Sends a signal to a process and to all that it started, which share the process group that it leads.
 *
 * @param {number} pid the group's leader
 * @param {NodeJS.Signals | 0} signal 0 only asks whether anyone is there
 * @returns {boolean} whether anyone received it
 */
export function signalGroup(pid, signal) {
  try {
    // Windows has no process groups.
    return process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    return false;
  }
}
