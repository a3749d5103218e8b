use app::ui::*;
use leptos::prelude::*;

use crate::page::Specimen;

/// What one reads: type, badges, notices, lists, empty states.
#[component]
pub fn Reading() -> impl IntoView {
    let skills = vec![
        ("PostgreSQL".to_owned(), SkillState::Met),
        ("Kubernetes".to_owned(), SkillState::Missing),
        ("Terraform".to_owned(), SkillState::Nice),
        ("Rust".to_owned(), SkillState::Plain),
    ];
    view! {
        <Specimen title="Type">
            <h1>"A job is posted, and those it suits know"</h1>
            <h2>"Second heading: what had to hold"</h2>
            <h3>"Third heading: shared working hours"</h3>
            <Prose text="Plain text as people typed it.\n\nA second paragraph,\nwith a line break kept: <b>no markup</b>." />
            <p>"A sentence with "<a href="#x">"a link in it"</a>", muted: "<span class="text-muted">"less important"</span>"."</p>
        </Specimen>
        <Specimen title="Badges, skills, avatars">
            <div class="flex flex-wrap gap-2 items-center">
                <Badge text="Draft" />
                <Badge text="Remote" tone=Tone::Accent />
                <Badge text="Open" tone=Tone::Success />
                <Badge text="Paused" tone=Tone::Warning />
                <Badge text="Closed" tone=Tone::Danger />
                <Badge text="New" tone=Tone::Fit />
            </div>
            <SkillTags skills />
            <div class="flex gap-2 items-center">
                <Avatar name="Ines Okafor" size=AvatarSize::Small />
                <Avatar name="Łukasz Wiśniewski" />
                <Avatar name="Ana María" />
                <Avatar name="Chen" size=AvatarSize::Large />
            </div>
            <div class="flex flex-wrap gap-3">
                <Button button_type="button"><BrandMark brand=Brand::Github />"Continue with GitHub"</Button>
                <Button button_type="button"><BrandMark brand=Brand::Google />"Continue with Google"</Button>
                <Button button_type="button"><BrandMark brand=Brand::Other />"Continue with Acme"</Button>
            </div>
        </Specimen>
        <Specimen title="Notices">
            <ReadingBanner done=1_200 total=2_000 />
            <Notice>"Your profile is paused; clients do not see it."</Notice>
            <Notice kind=NoticeKind::Success title="Saved">"Your matches are being worked out anew."</Notice>
            <Notice kind=NoticeKind::Warning>"The language model is missing; matching goes by words until it is there."</Notice>
            <Notice kind=NoticeKind::Error>"E-mail address or password is wrong."</Notice>
            <div class="flex flex-wrap gap-6">
                <ConnectionStatus state=Signal::stored(Connection::Live) />
                <ConnectionStatus state=Signal::stored(Connection::Reconnecting) />
                <ConnectionStatus state=Signal::stored(Connection::Offline) />
            </div>
            <div class="grid gap-6 md:grid-cols-2">
                <Card title="Loading">
                    <Skeleton />
                </Card>
                <Card title="Facts" plain=true>
                    <Facts facts=vec![
                        ("Budget", "$40–60 an hour".to_owned()),
                        ("Length", "1–3 months".to_owned()),
                        ("Place", "Remote · Europe & Africa".to_owned()),
                    ] />
                </Card>
            </div>
        </Specimen>
        <Specimen title="Lists">
            <Breadcrumb trail=vec![
                ("Jobs".into(), "/jobs".into()),
                ("Move a shop to PostgreSQL".into(), "/jobs/1".into()),
            ] />
            <div class="with-aside with-aside-first">
                <FilterBar action="/jobs" active=2>
                    <TextInput name="q" label="Words" value="postgres" input_type="search" required=false />
                    <NumberInput name="min" label="Lowest budget" prefix="$" required=false />
                    <Select
                        name="region"
                        label="Region"
                        options=vec![("EU".into(), "Europe & Africa".into())]
                        empty="Any region"
                        required=false
                    />
                </FilterBar>
                <div>
                    <Rows>
                        <JobRow job=job_row() />
                        <JobRow job=JobRowData {
                            title: "Translate a museum guide into Portuguese and Spanish".into(),
                            budget: "€1,800".into(),
                            score: None,
                            skills: vec!["Translation".into(), "Portuguese".into(), "Proofreading".into()],
                            ..job_row()
                        } />
                        <FreelancerRow freelancer=FreelancerRowData {
                            href: "/freelancers/1".into(),
                            name: "Ines Okafor".into(),
                            picture: None,
                            title: "Database engineer".into(),
                            rate: "€85 an hour".into(),
                            meta: vec!["Europe & Africa".into(), "30 h a week".into(), "Expert".into()],
                            excerpt: "I move busy systems onto PostgreSQL and keep them quick afterwards.".into(),
                            skills: ["PostgreSQL", "Linux", "Rust", "SQL", "Ansible", "Python", "Terraform", "Go"].map(Into::into).into(),
                            score: None,
                        } />
                    </Rows>
                    <Pager first=Some("/jobs".into()) next=Some("/jobs?after=1".into()) shown="20 jobs" />
                </div>
            </div>
            <Card>
                <EmptyState
                    title="Nothing fits yet"
                    text="As soon as a job reaches 70° for your profile, it shows up here by itself. More skills on your profile mean a better reading."
                    action=Some(("Edit my profile".into(), "/profile".into()))
                />
            </Card>
            <Steps
                steps=vec![
                    ("Say what you need".into(), "Skills, budget, hours: five minutes.".into()),
                    ("See who fits".into(), "Ranked at once, with the reasons.".into()),
                    ("Talk to the right ones".into(), "No pile of proposals to dig through.".into()),
                ]
                current=1_usize
            />
        </Specimen>
    }
    .into_any()
}

fn job_row() -> JobRowData {
    JobRowData {
        href: "/jobs/1".into(),
        title: "Move a web shop from MySQL to PostgreSQL".into(),
        budget: "$40–60 an hour".into(),
        meta: vec!["Harbour Studio".into(), "Remote · Europe & Africa".into(), "3 hours ago".into()],
        excerpt: "Our shop has outgrown its database. We need somebody who has moved a busy system before, plans the cut-over with us and stays until the dust has settled.".into(),
        skills: ["PostgreSQL", "MySQL", "Linux"].map(Into::into).into(),
        score: Some(domain::receipt::Score::from_ppm(872_000)),
    }
}
