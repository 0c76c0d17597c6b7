import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DAY_STYLES } from '../../presentation/report/html/day-styles.js';

export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

const require = createRequire(import.meta.url);
const textOf = (url: URL | string): string => readFileSync(url, 'utf8');
const SCRIPT = 'text/javascript; charset=utf-8';

/** Style sheets and scripts, the report's among them: charts look the same there and here. */
export function loadAssets(): Asset[] {
  const report = (name: string) => textOf(new URL(`../../presentation/report/html/${name}`, import.meta.url));
  const own = (name: string) => textOf(new URL(name, import.meta.url));
  return [
    {
      path: '/assets/site.css',
      type: 'text/css; charset=utf-8',
      text: report('report.css') + DAY_STYLES + own('pages.css'),
    },
    { path: '/assets/idiomorph.js', type: SCRIPT, text: textOf(require.resolve('idiomorph/dist/idiomorph.min.js')) },
    { path: '/assets/report.js', type: SCRIPT, text: report('report.js') },
    { path: '/assets/pages.js', type: SCRIPT, text: own('pages.js') },
  ];
}
