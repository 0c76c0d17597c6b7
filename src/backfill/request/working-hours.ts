import { z } from 'zod';
import { defined } from '../defined.js';
import type { WorkingHours } from './options.js';
import { limit, listOf } from './values.js';

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const TIME = 'a time of day such as "22:30"; "24:00" is the end of the day';
const timeOfDay = z
  .string({ error: TIME })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: TIME })
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
export const workingHours = z
  .strictObject(
    {
      days: listOf(z.enum(weekdays, { error: `any of ${weekdays.join(', ')}` }), {
        what: 'a list of days',
        least: 1,
        most: 7,
      }).optional(),
      from: timeOfDay,
      to: timeOfDay,
      timeZone: z
        .string({ error: 'an IANA time zone such as "Europe/Berlin"' })
        .refine(isTimeZone, { error: 'an IANA time zone such as "Europe/Berlin"' }),
      max: limit.optional(),
    },
    { error: 'an object {days?, from, to, timeZone, max?}' },
  )
  .transform(({ days = [...weekdays], max, ...hours }): WorkingHours => {
    return { ...hours, days: days.map((day) => weekdays.indexOf(day)), ...defined({ max }) } as WorkingHours;
  });

/** Only whether the name is known is asked here; what it means is asked of an activity, since time zones change. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
