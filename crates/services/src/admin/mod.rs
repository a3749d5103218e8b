//! Administration: finding people, looking after their accounts, and seeing what they see.

mod people;
mod view;

pub use people::{
    AccountView, Found, PAGE, Trail, appoint, change_roles, end_sessions, find, person, reinstate, suspend,
    trail, verify_email,
};
pub use storage::people::{Account, Filter};
pub(crate) use view::as_viewed;
pub use view::{VIEW_LASTS, begin_view, end_view};

use domain::role::{Role, Roles};
use identity::{Permission, Principal};

use crate::{Result, ServiceError};

/// Whether the person may look after the account: not their own, and one of those who administer
/// only where they may change roles.
fn may_look_after(who: &Principal, account: &Account) -> Result<()> {
    if account.id == who.user_id {
        return Err(ServiceError::Conflict("This is your own account. Ask a colleague to do this."));
    }
    if administers(&account.roles) {
        who.may(Permission::ChangeRoles)?;
    }
    Ok(())
}

fn administers(roles: &Roles) -> bool {
    roles.contains(Role::Admin) || roles.contains(Role::Superadmin)
}
