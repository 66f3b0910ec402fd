/**
 * A source text without its comments and, on request, without the insides of its literals, so that
 * a rule about code is not broken by prose. Lines keep their numbers.
 *
 * @module
 */

// After one of these a slash begins a regular expression; after anything else it divides.
const BEFORE_EXPRESSION = /(?:^|[=(,:;!&|?{}[\n+*%<>~^-]|\b(?:return|typeof|case|in|of|do|else))$/;

/** Replaces comments, and with `literals` also what strings and patterns hold, by spaces. */
export function bareSource(text: string, options: { readonly literals?: boolean } = {}): string {
  const { literals = false } = options;
  let result = "";
  let at = 0;
  // One entry for each template literal that the position is inside of: the depth of braces.
  const templates: number[] = [];

  function blank(until: number): void {
    result += text.slice(at, until).replace(/[^\n]/g, " ");
    at = until;
  }
  function copy(until: number): void {
    result += text.slice(at, until);
    at = until;
  }
  function literal(until: number, opening = 1, closing = 1): void {
    if (literals) {
      copy(at + opening);
      blank(Math.max(at, until - closing));
    }
    copy(until);
  }
  function endOf(pattern: RegExp): number {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    return match === null ? text.length : match.index + match[0].length;
  }
  function template(): void {
    const until = endOf(/(?:\\[^]|[^`\\$]|\$(?!\{))*(?:`|\$\{)/y);
    const isOpen = text[until - 1] === "{";
    if (isOpen) templates.push(0);
    literal(until, 0, isOpen ? 2 : 1);
  }

  while (at < text.length) {
    const two = text.slice(at, at + 2);
    const one = text[at] ?? "";
    if (two === "//") blank(endOf(/[^\n]*/y));
    else if (two === "/*") blank(endOf(/\/\*[^]*?\*\//y));
    else if (one === '"') literal(endOf(/"(?:\\[^]|[^"\\\n])*"?/y));
    else if (one === "'") literal(endOf(/'(?:\\[^]|[^'\\\n])*'?/y));
    else if (one === "`") {
      copy(at + 1);
      template();
    } else if (one === "/" && BEFORE_EXPRESSION.test(result.trimEnd())) {
      literal(endOf(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//y));
    } else if (one === "}" && templates.at(-1) === 0) {
      templates.pop();
      copy(at + 1);
      template();
    } else {
      const last = templates.length - 1;
      if (last >= 0 && one === "{") templates[last] = (templates[last] ?? 0) + 1;
      if (last >= 0 && one === "}") templates[last] = (templates[last] ?? 0) - 1;
      copy(at + 1);
    }
  }
  return result;
}
