import { describe, expect, it } from 'vitest';
import { PageTokens } from '../../../src/server/jobs/page-token.js';

describe('A page token', () => {
  const tokens = new PageTokens('the token of this server');
  const bound = ['ListJobs', 'alice', 'state = RUNNING'];
  const position = { cluster: 'us-west-2-prod', token: 'eyJDbG9zZVRpbWUi' };
  const sealed = tokens.seal(position, bound);

  it('continues where it was made, also after the server was restarted with the same token', () => {
    expect(tokens.open(sealed, bound)).toEqual(position);
    expect(new PageTokens('the token of this server').open(sealed, bound)).toEqual(position);
  });

  it('says nothing to its holder', () => {
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('us-west-2');
    expect(tokens.seal(position, bound)).not.toBe(sealed);
  });

  it('is refused with any other filter, by any other caller and by any other server', () => {
    expect(tokens.open(sealed, ['ListJobs', 'alice', 'state = PAUSED'])).toBeUndefined();
    expect(tokens.open(sealed, ['ListJobs', 'mallory', 'state = RUNNING'])).toBeUndefined();
    expect(tokens.open(sealed, ['ListJobs', 'alicestate = RUNNING'])).toBeUndefined();
    expect(new PageTokens('another token').open(sealed, bound)).toBeUndefined();
  });

  it('is refused when any one of its bytes was changed', () => {
    const bytes = Buffer.from(sealed, 'base64url');
    for (const i of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect(tokens.open(changed.toString('base64url'), bound), `byte ${i}`).toBeUndefined();
    }
  });

  it.each(['', 'x', '!!!', 'A'.repeat(100_000), `${sealed}=`, `${sealed} `, sealed.slice(0, -1)])(
    'is refused where it is no token at all: %#',
    (text) => {
      expect(tokens.open(text, bound)).toBeUndefined();
    },
  );
});
