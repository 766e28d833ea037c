const TAGS = ['a', 'abbr', 'b', 'blockquote', 'br', 'code', 'dd', 'del', 'div', 'dl', 'dt', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'ins', 'kbd', 'li', 'ol', 'p', 'pre', 's', 'small', 'span', 'strong', 'sub', 'sup', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'u', 'ul']

/** A stranger's words as harmless elements: a few tags, no pictures, links that tell nobody where we are. */
export async function harmless(text: string, form: string): Promise<DocumentFragment> {
  const [{ default: purify }, { marked }] = await Promise.all([import('dompurify'), import('marked')])
  const html = unstyled(form === 'markdown' ? await marked.parse(withoutHead(text), { gfm: true, breaks: true }) : text)
  const cleaned = purify.sanitize(html, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ['href'], ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i, RETURN_DOM_FRAGMENT: true })
  for (const link of cleaned.querySelectorAll('a')) {
    link.target = '_blank'
    link.rel = 'noreferrer noopener nofollow'
  }
  return cleaned
}

/** Cleaning drops every style anyway; taken out before, the browser's policy has nothing to complain about. */
export const unstyled = (html: string): string =>
  html.replace(/<style\b[\s\S]*?<\/style\s*>/gi, '').replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/\sstyle\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+)/gi, ''))

/** A model card begins with YAML, which is for programs. */
export const withoutHead = (text: string): string => text.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '')
