/** The page. Rejects when a recipe has a problem. */
export function galleryPage(root: string): Promise<string>;
