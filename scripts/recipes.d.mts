type Texts = Readonly<Record<string, string>>;

export function packRecipes(texts: { readonly recipes: Texts; readonly fixtures: Texts }): Buffer;
