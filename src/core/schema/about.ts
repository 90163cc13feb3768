/** What an editor says about a value while it is written: plain for JSON Schema, and as Markdown where the editor shows that. */
export const about = (markdown: string) => ({ description: markdown.replace(/[*`]/g, ''), markdownDescription: markdown });
