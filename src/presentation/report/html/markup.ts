/** HTML that is safe because {@link html} made it. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Content = Markup | string | number | undefined | readonly Content[];

/**
 * A tagged template for HTML and SVG that escapes everything except markup made by itself. So text from customers, errors
 * and operators can only ever be text, in an element or in a quoted attribute.
 */
export const html = (parts: TemplateStringsArray, ...contents: readonly Content[]): Markup =>
  new Markup(parts.reduce((all, part, i) => `${all}${safe(contents[i - 1])}${part}`));

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** Direction marks could disguise a text; control characters are not allowed in HTML. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function safe(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(safe).join('');
  return String(content)
    .replace(FORBIDDEN, '\u{fffd}')
    .replace(/[&<>"']/g, (character) => escapes[character]!);
}
