/**
 * Interval sets: the ledger's arithmetic.
 *
 * An hour is a whole number of hours since 1970-01-01T00:00Z. An interval is half-open, `[from, to)`. A set of
 * intervals is always sorted, with no empty, overlapping or touching members, so that equal sets are equal JSON and
 * thousands of done days melt into one pair.
 */
export type Hour = number;
export type Interval = readonly [from: Hour, to: Hour];
export type Intervals = readonly Interval[];

export const none: Intervals = [];

/** The set with `[from, to)` added; touching members melt together. */
export function add(set: Intervals, [from, to]: Interval): Intervals {
  if (from >= to) return set;
  const before: Interval[] = [];
  const after: Interval[] = [];
  let start = from;
  let end = to;
  for (const member of set) {
    if (member[1] < from) before.push(member);
    else if (member[0] > to) after.push(member);
    else {
      start = Math.min(start, member[0]);
      end = Math.max(end, member[1]);
    }
  }
  return [...before, [start, end], ...after];
}

/** The set without any hour of `[from, to)`. */
export function subtract(set: Intervals, [from, to]: Interval): Intervals {
  if (from >= to || !overlaps(set, [from, to])) return set;
  return set.flatMap(([a, b]): Interval[] => {
    if (b <= from || a >= to) return [[a, b]];
    const pieces: Interval[] = [];
    if (a < from) pieces.push([a, from]);
    if (b > to) pieces.push([to, b]);
    return pieces;
  });
}

/** The part of the set that lies within `[from, to)`. */
export function within(set: Intervals, [from, to]: Interval): Intervals {
  return set.flatMap(([a, b]): Interval[] => {
    const start = Math.max(a, from);
    const end = Math.min(b, to);
    return start < end ? [[start, end]] : [];
  });
}

/** Both sets as one; in one pass, for the same reason as {@link difference}. The other need not be sorted. */
export function union(set: Intervals, other: Intervals): Intervals {
  if (other.length <= 1) return other.reduce(add, set);
  const melted: Interval[] = [];
  for (const [from, to] of [...set, ...other].sort((a, b) => a[0] - b[0])) {
    const last = melted.at(-1);
    if (from >= to) continue;
    if (last && from <= last[1]) melted[melted.length - 1] = [last[0], Math.max(last[1], to)];
    else melted.push([from, to]);
  }
  return melted;
}

/** The set without any hour of the other; in one pass over both, since a year of odd days has hundreds of members. */
export function difference(set: Intervals, other: Intervals): Intervals {
  if (set.length === 0 || other.length === 0) return set;
  const left: Interval[] = [];
  let next = 0;
  for (const [start, end] of set) {
    while (next < other.length && other[next]![1] <= start) next++;
    let from = start;
    for (let i = next; i < other.length && other[i]![0] < end; i++) {
      const [a, b] = other[i]!;
      if (a > from) left.push([from, a]);
      from = b;
    }
    if (from < end) left.push([from, end]);
  }
  return left;
}

/** The members of the set that share an hour with `[from, to)`, whole; found by halving, since a set may have thousands. */
export function overlapping(set: Intervals, [from, to]: Interval): Intervals {
  let first = 0;
  let after = set.length;
  while (first < after) {
    const middle = (first + after) >> 1;
    if (set[middle]![1] <= from) first = middle + 1;
    else after = middle;
  }
  let last = first;
  while (last < set.length && set[last]![0] < to) last++;
  return set.slice(first, last);
}

/** The hours that are in both sets. */
export function intersection(set: Intervals, other: Intervals): Intervals {
  return other.flatMap((hours) => within(overlapping(set, hours), hours));
}

/** Whether two stretches are the same hours. */
export const sameHours = (one: Interval, other: Interval): boolean => one[0] === other[0] && one[1] === other[1];

/** Whether two stretches share an hour. */
export const meet = (one: Interval, other: Interval): boolean => one[0] < other[1] && other[0] < one[1];

/** Whether any hour of `[from, to)` is in the set. */
export function overlaps(set: Intervals, [from, to]: Interval): boolean {
  return set.some(([a, b]) => Math.max(a, from) < Math.min(b, to));
}

/** How many hours the set holds. */
export function hoursIn(set: Intervals): number {
  let hours = 0;
  for (const [from, to] of set) hours += to - from;
  return hours;
}
