//! Who is in the demo: two users, groups of tags, contacts.

/// Name, address and password of the users; the first is the Admin. Anybody may know the passwords: all of it is made up.
pub const USERS: [(&str, &str, &str); 2] =
    [("Ann Admin", "ann@demo.example", "demo password"), ("Bob", "bob@demo.example", "demo password")];

/// Groups of tags: name, color, tags.
pub const GROUPS: [(&str, &str, &[&str]); 3] = [
    ("Stage", "#2E7D32", &["lead", "hot prospect", "customer", "lost"]),
    ("Country", "#1565C0", &["nl", "be", "de", "fr"]),
    ("Kind", "#8E24AA", &["supplier", "partner", "press"]),
];

/// Name, company, what they do there, address, tags.
pub type Person = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

/// The contacts.
pub const CONTACTS: [Person; 30] = [
    ("Zoë Janssens", "Brouwerij Noord", "Owner", "zoe@brouwerijnoord.example", &["customer", "be"]),
    ("Pieter de Vries", "De Vries Bouw", "Director", "pieter@devriesbouw.example", &["hot prospect", "nl"]),
    ("Fatima El Amrani", "Atlas Import", "Buyer", "fatima@atlasimport.example", &["lead", "nl"]),
    ("Jürgen Müller", "Müller Maschinen", "Sales", "juergen@mueller-maschinen.example", &["supplier", "de"]),
    ("Claire Dubois", "Atelier Dubois", "Designer", "claire@atelierdubois.example", &["hot prospect", "fr"]),
    ("Sven Petersen", "Nordlicht", "CEO", "sven@nordlicht.example", &["customer", "de"]),
    ("Anke Smit", "Smit & Zonen", "Planner", "anke@smitenzonen.example", &["customer", "nl", "vip"]),
    ("Luca Romano", "Romano Caffè", "Owner", "luca@romanocaffe.example", &["lead", "be"]),
    ("Emma Peeters", "Peeters Advies", "Advisor", "emma@peetersadvies.example", &["partner", "be"]),
    ("Tom Bakker", "Bakkerij Bakker", "Baker", "tom@bakkerijbakker.example", &["hot prospect", "nl"]),
    ("Marie Lefèvre", "Le Courrier", "Journalist", "marie@lecourrier.example", &["press", "fr"]),
    ("Hans Schmidt", "Schmidt Logistik", "Dispatcher", "hans@schmidt-logistik.example", &["supplier", "de"]),
    ("Noor van Dijk", "Van Dijk Tuinen", "Gardener", "noor@vandijktuinen.example", &["lead", "nl"]),
    ("Youssef Benali", "Benali Motors", "Manager", "youssef@benalimotors.example", &["customer", "be"]),
    ("Greta Fischer", "Fischer Optik", "Optician", "greta@fischeroptik.example", &["lost", "de"]),
    ("Bram Willems", "Willems Hout", "Carpenter", "bram@willemshout.example", &["hot prospect", "be"]),
    ("Sophie Martin", "Martin Vins", "Merchant", "sophie@martinvins.example", &["customer", "fr"]),
    ("Daan Visser", "Visser Vis", "Fishmonger", "daan@visservis.example", &["lead", "nl"]),
    ("Ines Garcia", "Garcia Studio", "Photographer", "ines@garciastudio.example", &["partner"]),
    ("Karel Novák", "Novák Software", "Developer", "karel@novaksoftware.example", &["partner", "vip"]),
    ("Lotte Hermans", "Hermans Fietsen", "Owner", "lotte@hermansfietsen.example", &["hot prospect", "nl"]),
    ("Max Weber", "Weber Druck", "Printer", "max@weberdruck.example", &["supplier", "de"]),
    ("Olivia Claes", "Claes Interieur", "Architect", "olivia@claesinterieur.example", &["customer", "be"]),
    ("Ruben Kok", "Kok Catering", "Cook", "ruben@kokcatering.example", &["lead", "nl"]),
    ("Aylin Yılmaz", "Yılmaz Textil", "Buyer", "aylin@yilmaztextil.example", &["hot prospect", "de"]),
    ("Julien Moreau", "Moreau Conseil", "Consultant", "julien@moreauconseil.example", &["lost", "fr"]),
    ("Eva Jacobs", "Radio Stad", "Editor", "eva@radiostad.example", &["press", "be"]),
    ("Stijn Mulder", "Mulder Techniek", "Engineer", "stijn@muldertechniek.example", &["customer", "nl", "vip"]),
    ("Nadia Haddad", "Haddad Pharma", "Pharmacist", "nadia@haddadpharma.example", &["lead", "fr"]),
    ("Wim Lambrechts", "Lambrechts Transport", "Driver", "wim@lambrechtstransport.example", &["supplier", "be"]),
];
