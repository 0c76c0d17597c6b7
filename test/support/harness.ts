import { afterAll, beforeAll, inject } from 'vitest';
import { Rig, type RigOptions } from './rig.js';

/** A rig for the tests of a file, on the server that all files share. Use it inside tests only: it starts before them. */
export function useRig(options: Partial<RigOptions> = {}): Rig {
  let rig: Rig | undefined;
  beforeAll(async () => {
    rig = await Rig.start({ address: inject('address'), childBundle: inject('childBundle'), ...options });
  });
  afterAll(async () => rig?.stop());
  return new Proxy({} as Rig, {
    get(_, name) {
      if (!rig) throw new Error('the rig starts before the tests of its file, and not earlier');
      const value = Reflect.get(rig, name, rig) as unknown;
      return typeof value === 'function' ? value.bind(rig) : value;
    },
  });
}
