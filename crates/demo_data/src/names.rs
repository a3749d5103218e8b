//! What people and companies are called. The names are common ones, thrown together.

use crate::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Culture {
    English,
    Latin,
    Lusophone,
    French,
    Italian,
    German,
    Nordic,
    Slavic,
    Turkish,
    Arabic,
    WestAfrican,
    EastAfrican,
    Indian,
    Chinese,
    Japanese,
    Korean,
    Vietnamese,
    Filipino,
    SouthEastAsian,
}

impl Culture {
    /// First names and family names, each list a string of words.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::English => (
                "Hannah Owen Grace Marcus Ellie Nathan Ruth Callum Joanna Desmond Naomi Patrick Leah Graham Tessa Wesley Imogen Russell Bridget Malcolm",
                "Whitcombe Harding Pruitt Ellery Langford Mercer Ashdown Tolliver Brandt Fairley Kimball Redfern Holloway Pike Stroud Wainwright Colby Nesbitt Garrow Penrose",
            ),
            Self::Latin => (
                "Lucía Mateo Camila Joaquín Valentina Andrés Marisol Tomás Renata Emilio Paula Rodrigo Ximena Gonzalo Daniela Ignacio Carolina Esteban Noelia Fabián",
                "Quiroga Santillán Bermúdez Arancibia Cárdenas Villalobos Montoya Escudero Rivadeneira Zambrano Olmedo Castañeda Figueroa Barrios Peralta Ledesma Urrutia Salcedo Maldonado Aguirre",
            ),
            Self::Lusophone => (
                "Beatriz Tiago Larissa Rafael Joana Caio Mariana Duarte Letícia Henrique Sofia Vasco Helena Murilo Catarina Otávio Bianca Rui Teresa Nuno",
                "Figueiredo Tavares Nogueira Peixoto Sampaio Queirós Brandão Teles Amaral Valente Macedo Pacheco Rezende Bastos Couto Siqueira Moura Falcão Pimentel Lacerda",
            ),
            Self::French => (
                "Camille Étienne Manon Baptiste Élodie Rémi Solène Antoine Margaux Gaël Aurélie Thibault Clémence Bastien Noémie Corentin Inès Loïc",
                "Delorme Garnier Rousselot Marchand Lemaire Vasseur Chevalier Bonnard Perrin Guillot Fabre Barbier Renaud Colin Mercier Aubert Tessier Poulain",
            ),
            Self::Italian => (
                "Chiara Davide Giulia Matteo Elisa Stefano Ilaria Riccardo Federica Simone Martina Paolo Silvia Enrico Alessia Nicola",
                "Bertolini Marchetti Ferraro Colombo Rinaldi Gentile Fontana Moretti Pellegrini Bassi Galli Sartori Vitale Carbone Negri Zanetti",
            ),
            Self::German => (
                "Annika Florian Katrin Moritz Svenja Tobias Lena Jannik Miriam Henning Clara Matthias Britta Lukas Femke Daan Judith Veit",
                "Brinkmann Kessler Vogt Hartwig Lindemann Dreyer Seidel Pohlmann Wiegand Achterberg Steenhuis Rademacher Kirsch Ostermann Thiel Hofstra Gruber Eberle",
            ),
            Self::Nordic => (
                "Freja Anders Signe Mikkel Linnea Oskar Maja Jesper Ida Henrik Tuva Rasmus Astrid Emil Karin Nils",
                "Lindholm Sandberg Kjær Holmgren Dahl Bergstrand Nyberg Skov Ekström Thorsen Friis Hallberg Lund Vestergaard Åkesson Brandt",
            ),
            Self::Slavic => (
                "Zofia Marek Oksana Taras Agnieszka Piotr Daryna Bohdan Katarzyna Wojciech Iryna Andriy Milena Tomasz Lesia Jakub Halyna Ondřej",
                "Wysocki Kowalczuk Bondar Sadowska Hrytsenko Malinowski Tkach Zawadzki Lysenko Urban Jaworski Kravets Marchenko Nowicki Pavlenko Dudek Rybak Sobol",
            ),
            Self::Turkish => (
                "Elif Emre Zeynep Kerem Defne Burak Selin Onur Ceren Tolga Aylin Serkan Pınar Cem",
                "Yıldız Aksoy Korkmaz Tekin Şahin Güneş Ateş Bulut Erdem Soylu Kaplan Toprak Uysal Bozkurt",
            ),
            Self::Arabic => (
                "Layla Omar Yasmin Karim Noor Hassan Amina Tariq Salma Bilal Rania Faisal Dina Usman Hiba Ziad Maryam Imran",
                "Haddad Mansour Qureshi Khalil Farouk Nasser Siddiqui Sabbagh Anwar Zaki Chaudhry Darwish Halabi Malik Younes Saleh Rashid Butt",
            ),
            Self::WestAfrican => (
                "Adaeze Kwame Folake Emeka Abena Tunde Ngozi Kofi Yetunde Chidi Efua Segun Amara Kojo Ifeoma Babajide Akosua Uche",
                "Okonjo Mensah Adeyemi Boateng Eze Owusu Balogun Asante Nwosu Afolabi Darko Okafor Ogunleye Amoah Iroha Sarpong Adebayo Quaye",
            ),
            Self::EastAfrican => (
                "Wanjiru Otieno Achieng Kamau Thandi Sipho Njeri Baraka Lindiwe Mwangi Zawadi Themba Akinyi Kiprop Nomsa Juma",
                "Mutua Ochieng Dlamini Karanja Nkosi Wekesa Khumalo Njoroge Mokoena Kimani Zulu Barasa Ndlovu Cheruiyot Molefe Gathoni",
            ),
            Self::Indian => (
                "Ananya Rohan Priya Arjun Kavya Vikram Meera Nikhil Divya Sanjay Ishita Karthik Shreya Aditya Lakshmi Farhan Nandini Prakash Tanvi Joseph",
                "Iyer Deshpande Mukherjee Nair Chatterjee Kulkarni Reddy Bhatt Menon Saxena Rangan Joshi Pillai Banerjee Kapadia Thomas Sethi Gowda Rao Hossain",
            ),
            Self::Chinese => (
                "Mei Jian Xinyi Wei Hui-Ling Jun Yating Hao Shu-Fen Kai Lihua Zhen Peishan Cheng Yun Boon",
                "Lim Chen Wong Tan Zhao Lin Goh Huang Xu Ng Liao Tang Kwok Hsu Ong Feng",
            ),
            Self::Japanese => (
                "Haruka Daichi Misaki Kenta Ayumi Shota Natsuki Takumi Emi Ryohei Kaori Yuto Chihiro Satoshi Mio Naoki",
                "Hayashida Okubo Morikawa Tanabe Ishii Nakagawa Kuroda Fujimoto Sakai Onishi Hoshino Matsuda Ueno Kitamura Shimizu Nomura",
            ),
            Self::Korean => (
                "Ji-woo Min-seok Seo-yeon Dong-hyun Ha-eun Sang-woo Yu-jin Jae-ho Eun-bi Tae-min Soo-ah Kyung-min",
                "Han Yoon Shin Baek Noh Kwon Seo Jang Bae Oh Ryu Moon",
            ),
            Self::Vietnamese => (
                "Linh Minh Thảo Quang Hương Tuấn Lan Khoa Ngọc Phúc Mai Đức Trang Hải",
                "Nguyễn Trần Phạm Lê Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý",
            ),
            Self::Filipino => (
                "Maricel Jomar Liezel Rodel Kristine Arvin Rowena Dennis Jasmine Paolo Analyn Miguel Cherry Ramil",
                "Santos Villanueva Dimaculangan Bautista Salonga Mercado Pangilinan Ocampo Catacutan Reyes Manalo Abad Macaraeg Tolentino",
            ),
            Self::SouthEastAsian => (
                "Dewi Budi Siti Rizal Putri Agus Farah Hafiz Ayu Bayu Nurul Arif Ratna Dimas Aisyah Wahyu",
                "Santoso Wijaya Rahman Hartono Ismail Pratama Kusuma Abdullah Nugroho Yusof Setiawan Halim Suryadi Zulkifli Lestari Gunawan",
            ),
        }
    }
}

pub(crate) fn person(dice: &mut Dice, cultures: &[Culture]) -> String {
    let culture = if dice.chance(65) { cultures[0] } else { *dice.pick(cultures) };
    let (first, family) = culture.names();
    format!("{} {}", word(dice, first), word(dice, family))
}

fn word(dice: &mut Dice, words: &'static str) -> &'static str {
    let count = words.split(' ').count();
    let chosen = dice.below(count);
    words.split(' ').nth(chosen).unwrap_or(words)
}

const FIRST: &str = "Alderbrook Bramblegate Cobaltine Dunlin Emberwick Fennelhurst Gannet Harrowmere Ironbark Juniper Kestrelway Larkfield Marlstone Nettlecombe Ospreyhill Pebbleford Quillmoor Rookwater Saltmarsh Tamarind Umberleigh Vetchling Wrenfield Yarrowby Zephyrine Ashgrove Birchalong Cedarpoint Driftwood Elmstead Foxglove Greyheron Hollybank Inkwell Jackdaw Kingcup Limewharf Mossgate Northquay Oakapple";
const SECOND: [&str; 14] = [
    "Group",
    "Works",
    "& Daughters",
    "Partners",
    "Collective",
    "House",
    "Company",
    "Union",
    "Associates",
    "& Co.",
    "Workshop",
    "Guild",
    "Ventures",
    "Cooperative",
];

pub(crate) fn company(dice: &mut Dice) -> String {
    format!("{} {}", word(dice, FIRST), dice.pick(&SECOND))
}
