use leptos::prelude::*;

/// Whose sign stands beside a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Brand {
    Github,
    Google,
    /// Somebody without a sign of their own here: a key.
    #[default]
    Other,
}

/// The sign of another site, beside its name; hidden from screen readers.
#[component]
pub fn BrandMark(brand: Brand) -> impl IntoView {
    match brand {
        Brand::Github => view! {
            <svg class="brand" viewBox="0 0 16 16" aria-hidden="true">
                <path
                    fill="currentColor"
                    d="M8 0c4.42 0 8 3.58 8 8a8.01 8.01 0 0 1-5.45 7.59c-.4.08-.55-.17-.55-.38 0-.27.01-1.13.01-2.2 0-.75-.25-1.23-.54-1.48 1.78-.2 3.65-.88 3.65-3.95 0-.88-.31-1.59-.82-2.15.08-.2.36-1.02-.08-2.12 0 0-.67-.22-2.2.82-.64-.18-1.32-.27-2-.27s-1.36.09-2 .27c-1.53-1.03-2.2-.82-2.2-.82-.44 1.1-.16 1.92-.08 2.12-.51.56-.82 1.28-.82 2.15 0 3.06 1.86 3.75 3.64 3.95-.23.2-.44.55-.51 1.07-.46.21-1.61.55-2.33-.66-.15-.24-.6-.83-1.23-.82-.67.01-.27.38.01.53.34.19.73.9.82 1.13.16.45.68 1.31 2.69.94 0 .67.01 1.3.01 1.49 0 .21-.15.45-.55.38A7.99 7.99 0 0 1 0 8c0-4.42 3.58-8 8-8Z"
                />
            </svg>
        }
        .into_any(),
        Brand::Google => view! {
            <svg class="brand" viewBox="0 0 24 24" aria-hidden="true">
                <path fill="#4285f4" d="M22.56 12.25c0-.78-.07-1.53-.2-2.25H12v4.26h5.92a5.06 5.06 0 0 1-2.21 3.31v2.77h3.57c2.08-1.92 3.28-4.74 3.28-8.09z" />
                <path fill="#34a853" d="M12 23c2.97 0 5.46-.98 7.28-2.66l-3.57-2.77c-.98.66-2.23 1.06-3.71 1.06-2.86 0-5.29-1.93-6.16-4.53H2.18v2.84C3.99 20.53 7.7 23 12 23z" />
                <path fill="#fbbc05" d="M5.84 14.1a6.6 6.6 0 0 1 0-4.19V7.07H2.18a11 11 0 0 0 0 9.87l3.66-2.84z" />
                <path fill="#ea4335" d="M12 5.38c1.62 0 3.06.56 4.21 1.64l3.15-3.15C17.45 2.09 14.97 1 12 1 7.7 1 3.99 3.47 2.18 7.07l3.66 2.84c.87-2.6 3.3-4.53 6.16-4.53z" />
            </svg>
        }
        .into_any(),
        Brand::Other => view! {
            <svg class="brand" viewBox="0 0 20 20" aria-hidden="true">
                <path
                    fill="none"
                    stroke="currentColor"
                    stroke-width="1.6"
                    stroke-linecap="round"
                    stroke-linejoin="round"
                    d="M12.5 11.5a4 4 0 1 0-4-4c0 .6.1 1.1.4 1.6L3 15v2.5h3v-2h2v-2h1.5l1.4-2.4c.5.3 1 .4 1.6.4Zm1-5v.01"
                />
            </svg>
        }
        .into_any(),
    }
}
