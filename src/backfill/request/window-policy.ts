import { z } from 'zod';
import { defined } from '../defined.js';
import { formatWindowSize, WINDOW_SIZE_FORMAT } from '../hours/window.js';
import { hoursOf, type WindowPolicy } from '../pacing/sizing.js';
import { duration, whole, windowSize } from './values.js';

/** What a window should hold or take, unless the request says otherwise. */
const defaultTarget = { conversations: 150_000, ms: 10 * 60_000 };

const TARGET = 'conversations in a window (a whole number), its duration ("10m"), or {conversations?, duration?}';
const target = z.union(
  [
    whole(1, 1e9).transform((conversations) => ({ conversations })),
    duration.transform((ms) => ({ ms })),
    z
      .strictObject({ conversations: whole(1, 1e9).optional(), duration: duration.optional() })
      .transform(({ conversations, duration }) => defined({ conversations, ms: duration })),
  ],
  { error: TARGET },
);

const WINDOW = `${WINDOW_SIZE_FORMAT}, or {initial?, min?, max?, target?}`;
export const windowPolicy = z.union(
  [
    windowSize.transform((size): WindowPolicy => ({ kind: 'fixed', size })),
    z
      .strictObject({
        initial: z.union([z.literal('auto'), windowSize], { error: `"auto" or ${WINDOW_SIZE_FORMAT}` }).optional(),
        min: windowSize.optional(),
        max: windowSize.optional(),
        target: target.optional(),
      })
      .transform(
        ({ initial = 'auto', min = { unit: 'h', count: 1 }, max = { unit: 'mo', count: 1 }, target }): WindowPolicy => {
          return { kind: 'resizing', initial, min, max, target: { ...defaultTarget, ...target } };
        },
      )
      .superRefine((policy, context) => {
        if (policy.kind === 'fixed') return;
        const { initial, min, max } = policy;
        if (hoursOf(min) > hoursOf(max)) {
          context.addIssue({
            code: 'custom',
            path: ['min'],
            message: `a size of at most max, ${formatWindowSize(max)}`,
          });
        } else if (initial !== 'auto' && (hoursOf(initial) < hoursOf(min) || hoursOf(initial) > hoursOf(max))) {
          const range = `${formatWindowSize(min)} to ${formatWindowSize(max)}`;
          context.addIssue({ code: 'custom', path: ['initial'], message: `a size from min to max, ${range}` });
        }
      }),
  ],
  { error: WINDOW },
);
