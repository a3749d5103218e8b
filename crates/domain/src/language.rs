//! Languages people work in.

text_enum! {
    /// A language by its ISO 639-1 code.
    pub enum Language {
        En = "en", "English";
        Es = "es", "Spanish";
        Pt = "pt", "Portuguese";
        Fr = "fr", "French";
        De = "de", "German";
        It = "it", "Italian";
        Nl = "nl", "Dutch";
        Pl = "pl", "Polish";
        Uk = "uk", "Ukrainian";
        Ru = "ru", "Russian";
        Ro = "ro", "Romanian";
        Cs = "cs", "Czech";
        El = "el", "Greek";
        Sv = "sv", "Swedish";
        Da = "da", "Danish";
        Fi = "fi", "Finnish";
        No = "no", "Norwegian";
        Tr = "tr", "Turkish";
        Ar = "ar", "Arabic";
        He = "he", "Hebrew";
        Fa = "fa", "Persian";
        Hi = "hi", "Hindi";
        Bn = "bn", "Bengali";
        Ur = "ur", "Urdu";
        Ta = "ta", "Tamil";
        Id = "id", "Indonesian";
        Ms = "ms", "Malay";
        Th = "th", "Thai";
        Vi = "vi", "Vietnamese";
        Tl = "tl", "Tagalog";
        Zh = "zh", "Chinese";
        Ja = "ja", "Japanese";
        Ko = "ko", "Korean";
        Sw = "sw", "Swahili";
    }
}

text_enum! {
    /// How well a person works in a language; the order is from least to most.
    pub enum LanguageLevel {
        Basic = "basic", "Basic";
        Conversational = "conversational", "Conversational";
        Fluent = "fluent", "Fluent";
        Native = "native", "Native";
    }
}
